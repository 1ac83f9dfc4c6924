"""Transcription of one number: candidate texts, their scores by every network, and the decided text with its marks."""
