"""The one loop: intake, one commit per batch, step, dispatch, proposals, recovery. One thread, one writer."""
