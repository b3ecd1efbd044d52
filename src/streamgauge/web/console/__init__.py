"""What the web application needs beside the doors: its files, and routes of its own under /console/v1.

The pages ask the doors' own routes wherever one has the answer; here is only what no door knows: people and their sessions, keys,
the live view, what there is to ask about, the state of the server.
"""
