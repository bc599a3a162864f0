"""How words travel: sentences, phones, segments, replies, and the port to a message provider.

No table, no protocol and no person lives here. The house (`backend`) calls in and decides what happened
and what it means; the two rims (`twilio_gateway`, `phone_simulator`) are the only modules that touch a
network.
"""
