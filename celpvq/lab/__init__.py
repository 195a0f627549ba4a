"""Laboratory: the shared parts of `compare`, `report`, `demo`, `vq` and the tools.

Clips and tables
    `clips` (recordings at 8 kHz), `tabular` (Markdown and CSV), `figures` (matplotlib).
Comparison of codecs
    `contenders`, `coded_folders` (the codecs), `comparison` (the run), `scores` (its file),
    `bases` (codecs or earlier runs to compare with), `intervals`, `summary`, `groups`, `outliers`,
    `report`, `rate_picture` (the report), `versions`, `stored_results` (for the page of
    `celpvq.web.report`), `demo`, `clip_picture`.
Designs of quantizers
    `vectors` (the data), `gaussian` (the theory), `trials` (the runs), `design_report`,
    `design_pictures`.

The measures are in `celpvq.quality`.
"""
