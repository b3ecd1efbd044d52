"""The dialect of Solinth: product metrics."""
