"""What every resource stands on: database, pages, errors, idempotency, health, metrics and the contract."""
