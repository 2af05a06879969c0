"""The one loop: intake, transaction, dispatch, proposals, recovery."""
