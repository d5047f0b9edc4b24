//! The loop that drives every take to its end.
