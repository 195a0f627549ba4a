"""Pages that decode and play coded speech in a browser.

`page` makes documents of one file. `report` is the page of ``celpvq report`` and `live` that of
``celpvq live --web``; the folder ``listen`` holds the page of listening tests, which
`celpvq.listening.page` makes. Their scripts share ``base.css``, ``elements.js`` and
``embedded.js``.
"""
