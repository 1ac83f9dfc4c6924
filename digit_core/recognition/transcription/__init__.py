"""What the digits and marks of one number say: candidates, their scores by every network, and the text."""
