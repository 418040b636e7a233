"""Folders, lists and official splits -> which clips there are, of which class.

What users need of it is in `keras_twostream.data`.
"""
