"""What is known of usage in memory: which meters count an event, what they say of it, and what is told when none does.

matching.py        which meters count an event, for how much, and why not
property_text.py   properties as the texts that the store compares
"""
