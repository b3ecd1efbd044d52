"""Dialects: bytes of a request into values of the kernel, and values into the bytes of a reply. Pure; no input or output.

One package per dialect; `dialect` says what each must offer for events, `doors` lists them and tells them apart.
"""
