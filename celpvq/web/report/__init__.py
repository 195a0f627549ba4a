"""``celpvq report``: one HTML file that shows scores of codecs and plays clips after each codec."""

from .document import report_page

__all__ = ["report_page"]
