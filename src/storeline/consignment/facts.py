"""The statements that read what happened to partners' goods, from orders, returns and stock: for handlers and the audit."""

from __future__ import annotations

from typing import Final

_WHERE: Final = "w.organisation_id, w.id AS ownership_id"
_NET: Final = "{0}.amount - CASE WHEN {1}.tax_included THEN {0}.tax ELSE 0 END"
_THEN: Final = "m.at >= w.since AND (w.until IS NULL OR m.at < w.until)"
_LOSS: Final = "CASE g.losses WHEN 'retailer' THEN coalesce(w.value, 0) END AS value"

# Whose the goods were is asked of the shelf that they left, at the moment they left it. What was imported was settled
# before it came here.
SALES: Final = f"""
SELECT m.source_id, m.line_no, {_WHERE}, o.entity_id, m.place_id, m.product_id, o.currency, -m.quantity AS quantity,
    {_NET.format("l", "o")} - coalesce((
        SELECT sum({_NET.format("a", "o")}) FROM orders_amendment a WHERE a.order_id = l.order_id AND a.line_no = l.line_no
    ), 0)::bigint AS net,
    g.commission, m.business_date, m.at
FROM stock_movement m
JOIN stock_ownership w ON w.place_id = m.place_id AND w.product_id = m.product_id AND {_THEN}
JOIN partners_agreement g ON g.id = w.agreement_id
JOIN orders_order o ON o.id = m.source_id AND o.source <> 'import'
JOIN orders_line l ON l.order_id = m.source_id AND l.line_no = m.line_no
WHERE m.kind = 'sale' AND {{only}}
"""
RETURNS: Final = f"""
SELECT r.id AS source_id, l.line_no, s.organisation_id, s.ownership_id, r.entity_id, r.place_id, l.product_id, r.currency,
    l.quantity, {_NET.format("l", "r")} AS net, g.commission, r.business_date, r.returned_at AS at,
    s.source_id AS sale_id, s.line_no AS sale_line, s.net AS sale_net, s.commission AS sale_commission,
    l.restock, {_LOSS}
FROM aftersales_return r
JOIN aftersales_line l ON l.return_id = r.id
JOIN consignment_line s ON s.kind = 'sale' AND s.source_id = r.order_id AND s.line_no = l.order_line
JOIN stock_ownership w ON w.id = s.ownership_id
JOIN partners_agreement g ON g.id = w.agreement_id
WHERE r.source <> 'import' AND {{only}}
UNION ALL
SELECT r.id, l.line_no, {_WHERE}, r.entity_id, r.place_id, l.product_id, r.currency,
    l.quantity, {_NET.format("l", "r")}, g.commission, r.business_date, r.returned_at, NULL, NULL, 0, 0, l.restock, {_LOSS}
FROM aftersales_return r
JOIN aftersales_line l ON l.return_id = r.id
JOIN stock_ownership w ON w.place_id = r.place_id AND w.product_id = l.product_id AND r.returned_at >= w.since
    AND (w.until IS NULL OR r.returned_at < w.until)
JOIN partners_agreement g ON g.id = w.agreement_id
WHERE r.order_id IS NULL AND r.source <> 'import' AND {{only}}
"""
# A receipt that is taken back, what lay there before it was counted first, and what its owner took home is not lost.
LOSSES: Final = f"""
SELECT m.source_id, m.line_no, {_WHERE}, p.entity_id, m.place_id, m.product_id, e.currency, -m.quantity AS quantity, {_LOSS},
    m.business_date, m.at
FROM stock_movement m
JOIN stock_ownership w ON w.place_id = m.place_id AND w.product_id = m.product_id AND {_THEN}
JOIN partners_agreement g ON g.id = w.agreement_id
JOIN places_place p ON p.id = m.place_id
JOIN places_entity e ON e.id = p.entity_id
WHERE m.kind IN ('count', 'adjustment', 'waste')
    AND coalesce(m.reason, '') NOT IN ('undone', 'to_owner', 'before the opening count') AND {{only}}
"""
ARRIVALS: Final = f"""
SELECT m.arrival_id AS source_id, l.line_no, {_WHERE}, p.entity_id, t.to_place_id AS place_id, m.product_id, e.currency,
    m.lost + m.damaged - m.found AS quantity, {_LOSS}, (m.at AT TIME ZONE p.zone)::date AS business_date, m.at
FROM stock_transfer_arrival m
JOIN stock_transfer t ON t.id = m.transfer_id
JOIN stock_transfer_line l ON l.transfer_id = m.transfer_id AND l.product_id = m.product_id
JOIN stock_ownership w ON w.place_id = t.to_place_id AND w.product_id = m.product_id AND {_THEN}
JOIN partners_agreement g ON g.id = w.agreement_id
JOIN places_place p ON p.id = t.to_place_id
JOIN places_entity e ON e.id = p.entity_id
WHERE m.lost + m.damaged <> m.found AND {{only}}
"""
