"""The tracker: the script that pages include (script.js to read, script.min.js as served), and which pages may send."""
