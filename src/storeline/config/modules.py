"""The rows of modules, top down: a module imports only from rows below its own.

Settings install the modules that exist; import-linter and the architecture tests keep the order.
"""

ROWS: tuple[tuple[str, ...], ...] = (
    ("shop", "till", "desk", "office", "exchange"),
    ("insight", "consignment"),
    ("aftersales",),
    ("fulfilment", "fiscal"),
    ("orders",),
    ("sourcing", "loyalty"),
    ("stock", "pricing", "payments", "capacity"),
    ("ledger", "messages"),
    ("catalog", "customers"),
    ("places", "partners"),
    ("identity",),
    ("kernel",),
)

MODULES: tuple[str, ...] = tuple(module for row in reversed(ROWS) for module in row)
"""Every module, ground first."""


def installed(top: str | None = None) -> tuple[str, ...]:
    """Every module; or `top` and what is below its row, so that a module's tests can run on their own ground."""
    if not top:
        return MODULES
    row = next(index for index, modules in enumerate(ROWS) if top in modules)
    below = {module for modules in ROWS[row + 1 :] for module in modules} | {
        "identity"
    }  # whom Django cannot do without
    return tuple(module for module in MODULES if module == top or module in below)
