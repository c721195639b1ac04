"""Tables generated from one row per operation: who may, what others are told, and what becomes of odd bodies."""
