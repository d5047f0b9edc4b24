//! SQLite and the ledger.
