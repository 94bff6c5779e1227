"""Partner simulators for tests and the demo; the product never imports them."""
