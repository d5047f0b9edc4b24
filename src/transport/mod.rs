//! HTTP: one client for paid calls, one for free ones.
