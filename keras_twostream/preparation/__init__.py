"""Clips -> records of frames and flow, made once by many workers.

What users need of it is in `keras_twostream.data`.
"""
