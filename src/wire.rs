//! Calls and replies as values.
