"""The purchases of CDNOW's customers, 1997-01 to 1998-06, through all three doors, with DuckDB as the judge.

purchases   the data file that the lifetimes package ships
doors       a purchase as each door wants it
sending     whole batches over HTTP, several at a time
questions   the figures, asked of the server and asked of DuckDB over the raw file
run         all of it in order: a list of figures with both answers
"""
