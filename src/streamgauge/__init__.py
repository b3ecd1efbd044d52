"""Streamgauge: one server that takes events once and answers for products, websites and bills."""

__version__ = "0.1.0"
