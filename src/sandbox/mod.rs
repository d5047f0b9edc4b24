//! A fake provider as a server on loopback.
