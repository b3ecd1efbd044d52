"""The words of the trade as frozen values. No input, no output, no other room is imported from here."""
