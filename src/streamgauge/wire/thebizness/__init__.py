"""The dialect of theBizness.ai: web analytics."""
