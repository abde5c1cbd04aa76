"""The examples, each started as it stands in `examples/` with the real server, and held to one table.

A configuration that a user would copy is the file that is tested: of its text only the documented ports are
replaced. Origin, gate, proxy and client are all real; what they say to each other is read as bytes.
"""
