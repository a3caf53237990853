"""Composing replies: errors, chat completions, models, and whatever else a contract declares."""
