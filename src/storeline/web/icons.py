"""The icons in use, by their names in Lucide. `storeline vendor` makes one sprite of them."""

ICONS = (
    "arrow-left", "arrow-right", "badge-percent", "banknote", "barcode", "bell", "calendar", "camera", "chart-column",
    "check", "chevron-down", "chevron-left", "chevron-right", "circle-alert", "circle-check", "circle-help",
    "clipboard-list", "clock", "credit-card", "download", "external-link", "eye", "house", "info", "keyboard", "languages",
    "layout-grid", "list-filter", "loader-circle", "locate-fixed", "lock", "log-in", "log-out", "map-pin", "menu", "minus",
    "moon", "package", "package-check", "package-open", "pause", "pencil", "percent", "plus", "printer", "qr-code",
    "receipt", "rotate-ccw", "save", "scale", "scan-barcode", "scan-line", "search", "settings", "shield-check",
    "shopping-basket", "shopping-cart", "snowflake", "store", "sun", "sun-moon", "tag", "ticket-percent", "timer",
    "trash-2", "trending-down", "trending-up", "triangle-alert", "truck", "undo-2", "user", "user-check", "users",
    "warehouse", "wifi-off", "x", "zoom-in",
)  # fmt: skip
