"""A folder of `.seg` files beside a server: what differs, and what is to be done about it."""
