"""The dialect of Flexprice: usage metering."""
