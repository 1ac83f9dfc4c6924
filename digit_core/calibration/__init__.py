"""Calibration of confidences, and thresholds derived from it."""
