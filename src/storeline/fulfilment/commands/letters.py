"""What shoppers are told of their orders, in four languages."""

from __future__ import annotations

from storeline.messages import api as messages

OFFERED = "fulfilment.offered"
messages.register_template(
    OFFERED,
    {
        "en": (
            "Something of order {number} is missing",
            "May we give you {product} instead? You pay no more for it. Answer on your order's page until {until}.",
        ),
        "zh-Hans": (
            "订单 {number} 有商品缺货",
            "可以用“{product}”代替吗？您无需多付。请在 {until} 前到订单页面答复。",
        ),
        "fr": (
            "Il manque un article à la commande {number}",
            "Acceptez-vous {product} à la place ? Vous ne paierez pas plus. Répondez sur la page de la commande avant {until}.",
        ),
        "es": (
            "Falta un artículo del pedido {number}",
            "¿Le damos {product} en su lugar? No pagará más. Responda en la página del pedido antes de las {until}.",
        ),
    },
)
MOVED = "fulfilment.moved"
messages.register_template(
    MOVED,
    {
        "en": (
            "Something of order {number} comes from another shop",
            "We did not have {product}, so another shop sends it. Price and way stay as they were. We expect your order to be ready by {when}.",
        ),
        "zh-Hans": (
            "订单 {number} 的部分商品从另一家门店调来",
            "本店没有“{product}”，另一家门店会调货过来。价格和取货方式不变，订单预计在 {when} 前备好。",
        ),
        "fr": (
            "Un article de la commande {number} vient d’un autre magasin",
            "Nous n’avions pas {product} : un autre magasin l’envoie. Le prix et le mode de retrait ne changent pas. Votre commande devrait être prête le {when} au plus tard.",
        ),
        "es": (
            "Algo del pedido {number} viene de otra tienda",
            "No teníamos {product}, así que otra tienda lo envía. El precio y la forma de entrega no cambian. Su pedido debería estar listo el {when} a más tardar.",
        ),
    },
)
NOWHERE = "fulfilment.nowhere"
messages.register_template(
    NOWHERE,
    {
        "en": (
            "Something of order {number} is missing",
            "We do not have {product}, and no shop nearby does. You do not pay for what is missing. If we find something like it, we ask you first.",
        ),
        "zh-Hans": (
            "订单 {number} 有商品缺货",
            "本店和附近门店都没有“{product}”，缺货部分不收费。如有类似商品可以替代，我们会先征求您的意见。",
        ),
        "fr": (
            "Il manque un article à la commande {number}",
            "Nous n’avons pas {product}, et aucun magasin voisin ne l’a. Vous ne payez pas ce qui manque. Si nous trouvons un article semblable, nous vous le demanderons d’abord.",
        ),
        "es": (
            "Falta un artículo del pedido {number}",
            "No tenemos {product}, y tampoco ninguna tienda cercana. No paga lo que falta. Si encontramos algo parecido, se lo preguntaremos antes.",
        ),
    },
)
MISSED = "fulfilment.missed"
messages.register_template(
    MISSED,
    {
        "en": (
            "Nobody was there: order {number}",
            "We were at your door with your order, and nobody could take it. We come again on {day}, from {start} to {end}. If that does not suit you, tell {place}.",
        ),
        "zh-Hans": (
            "订单 {number} 送达时无人接收",
            "我们送货上门时无人接收，将于 {day} {start} 至 {end} 再次送货。如时间不便，请联系“{place}”。",
        ),
        "fr": (
            "Personne n’était là : commande {number}",
            "Nous étions devant votre porte avec votre commande, mais personne n’a pu la recevoir. Nous repasserons le {day}, entre {start} et {end}. Si cela ne vous convient pas, dites-le à {place}.",
        ),
        "es": (
            "No había nadie: pedido {number}",
            "Llegamos a su puerta con el pedido y nadie pudo recibirlo. Volveremos el {day}, entre las {start} y las {end}. Si no le viene bien, avise a {place}.",
        ),
    },
)
MISSED_WAITS = "fulfilment.missed_waits"
messages.register_template(
    MISSED_WAITS,
    {
        "en": (
            "Nobody was there: order {number}",
            "We were at your door with your order, and nobody could take it. Every time for a new delivery is taken at the moment. Your order is kept for you at {place}: collect it there, or ask there for another time.",
        ),
        "zh-Hans": (
            "订单 {number} 送达时无人接收",
            "我们送货上门时无人接收，只好带回。目前没有空闲的送货时段，商品已在“{place}”为您保留：您可以到店领取，或联系门店另约时间。",
        ),
        "fr": (
            "Personne n’était là : commande {number}",
            "Nous étions devant votre porte avec votre commande, mais personne n’a pu la recevoir. Tous les créneaux de livraison sont pris pour le moment. Votre commande vous attend à {place} : retirez-la sur place, ou demandez-y un autre créneau.",
        ),
        "es": (
            "No había nadie: pedido {number}",
            "Llegamos a su puerta con el pedido y nadie pudo recibirlo. Ahora mismo no queda ningún horario de entrega. Le guardamos el pedido en {place}: recójalo allí o pida otro horario.",
        ),
    },
)
READY = "fulfilment.ready"
messages.register_template(
    READY,
    {
        "en": (
            "Order {number} is ready",
            "Collect it at {place} until {until}. Show this code there: {code}",
        ),
        "zh-Hans": (
            "订单 {number} 已备好",
            "请于 {until} 前到“{place}”取货。请出示取货码：{code}",
        ),
        "fr": (
            "La commande {number} est prête",
            "Retirez-la à {place} jusqu’au {until}. Montrez-y ce code : {code}",
        ),
        "es": (
            "El pedido {number} está listo",
            "Recójalo en {place} hasta el {until}. Muestre allí este código: {code}",
        ),
    },
)
READY_SHORT = "fulfilment.ready_short"
messages.register_template(
    READY_SHORT,
    {
        "en": (
            "Order {number} is ready, with something missing",
            "We did not find all of: {missing}. You do not pay for what is missing. Collect the rest at {place} until {until}. Show this code there: {code}",
        ),
        "zh-Hans": (
            "订单 {number} 已备好（部分缺货）",
            "以下商品缺货或数量不足：{missing}。缺货部分不收费。请于 {until} 前到“{place}”领取其余商品。请出示取货码：{code}",
        ),
        "fr": (
            "La commande {number} est prête, mais incomplète",
            "Nous n’avons pas tout trouvé de : {missing}. Vous ne payez pas ce qui manque. Retirez le reste à {place} jusqu’au {until}. Montrez-y ce code : {code}",
        ),
        "es": (
            "El pedido {number} está listo, pero falta algo",
            "No encontramos todo de: {missing}. No paga lo que falta. Recoja el resto en {place} hasta el {until}. Muestre allí este código: {code}",
        ),
    },
)
NOTHING = "fulfilment.nothing"
messages.register_template(
    NOTHING,
    {
        "en": (
            "Order {number} is cancelled",
            "We are sorry: {place} had nothing of your order any more. You pay nothing; what was taken already goes back to where it came from.",
        ),
        "zh-Hans": (
            "订单 {number} 已取消",
            "很抱歉，“{place}”已没有您订购的商品。您无需付款，已付款项将原路退回。",
        ),
        "fr": (
            "La commande {number} est annulée",
            "Nous sommes désolés : {place} n’avait plus rien de votre commande. Vous ne payez rien ; ce qui a déjà été prélevé vous est rendu par le même moyen.",
        ),
        "es": (
            "El pedido {number} está cancelado",
            "Lo sentimos: {place} ya no tenía nada de su pedido. No paga nada; lo que ya se cobró vuelve por donde vino.",
        ),
    },
)
LATE = "fulfilment.late"
messages.register_template(
    LATE,
    {
        "en": (
            "Order {number} takes longer",
            "What another shop sends for your order is late. We expect your order to be ready by {when}. You can cancel it on its page as long as nothing is picked.",
        ),
        "zh-Hans": (
            "订单 {number} 将延迟",
            "另一家门店为您调来的商品晚到，订单预计在 {when} 前备好。开始拣货之前，您可以在订单页面取消订单。",
        ),
        "fr": (
            "La commande {number} prend du retard",
            "Ce qu’un autre magasin envoie pour votre commande est en retard. Votre commande devrait être prête le {when} au plus tard. Vous pouvez l’annuler sur sa page tant que rien n’est préparé.",
        ),
        "es": (
            "El pedido {number} se retrasa",
            "Lo que otra tienda envía para su pedido llega tarde. Su pedido debería estar listo el {when} a más tardar. Puede cancelarlo en su página mientras no se haya preparado nada.",
        ),
    },
)
LATE_SLOT = "fulfilment.late_slot"
messages.register_template(
    LATE_SLOT,
    {
        "en": (
            "A new time for order {number}",
            "What another shop sends for your order cannot be there by your time. Your new time is {day}, from {start} to {end}. You can cancel the order on its page as long as nothing is picked.",
        ),
        "zh-Hans": (
            "订单 {number} 的时间有变",
            "另一家门店为您调来的商品无法按时到达，新的时间是 {day} {start} 至 {end}。开始拣货之前，您可以在订单页面取消订单。",
        ),
        "fr": (
            "Un nouveau créneau pour la commande {number}",
            "Ce qu’un autre magasin envoie pour votre commande n’arrivera pas pour votre créneau. Le nouveau est le {day}, entre {start} et {end}. Vous pouvez annuler la commande sur sa page tant que rien n’est préparé.",
        ),
        "es": (
            "Nuevo horario para el pedido {number}",
            "Lo que otra tienda envía para su pedido no llegará a la hora acordada. El nuevo horario es el {day}, entre las {start} y las {end}. Puede cancelar el pedido en su página mientras no se haya preparado nada.",
        ),
    },
)
LATE_WAITS = "fulfilment.late_waits"
messages.register_template(
    LATE_WAITS,
    {
        "en": (
            "Order {number} takes longer",
            "What another shop sends for your order cannot be there by your time, and every later time is taken at the moment. We write to you as soon as one is free. Or ask {place} for another way. You can cancel the order on its page as long as nothing is picked.",
        ),
        "zh-Hans": (
            "订单 {number} 将延迟",
            "另一家门店为您调来的商品无法按时到达，目前也没有更晚的空闲时段。一有空位，我们就通知您；您也可以联系“{place}”另作安排。开始拣货之前，您可以在订单页面取消订单。",
        ),
        "fr": (
            "La commande {number} prend du retard",
            "Ce qu’un autre magasin envoie pour votre commande n’arrivera pas pour votre créneau, et tous les créneaux suivants sont pris pour le moment. Nous vous écrirons dès qu’un créneau se libère. Vous pouvez aussi convenir d’une autre solution avec {place}. Vous pouvez annuler la commande sur sa page tant que rien n’est préparé.",
        ),
        "es": (
            "El pedido {number} se retrasa",
            "Lo que otra tienda envía para su pedido no llegará a la hora acordada, y ahora mismo no queda ningún horario posterior. Le escribiremos en cuanto haya uno libre. También puede acordar otra solución con {place}. Puede cancelar el pedido en su página mientras no se haya preparado nada.",
        ),
    },
)
CANCELLED = "fulfilment.cancelled"
messages.register_template(
    CANCELLED,
    {
        "en": (
            "Order {number} is cancelled",
            "{place} has cancelled your order. You pay nothing: no money was taken, and what was set aside is let go.",
        ),
        "zh-Hans": (
            "订单 {number} 已取消",
            "“{place}”已取消您的订单。您无需付款：未扣款，预授权的金额将予以释放。",
        ),
        "fr": (
            "La commande {number} est annulée",
            "{place} a annulé votre commande. Vous ne payez rien : aucune somme n’a été prélevée, et le montant réservé est libéré.",
        ),
        "es": (
            "El pedido {number} está cancelado",
            "{place} ha cancelado su pedido. No paga nada: no se ha cobrado ningún importe, y lo reservado queda liberado.",
        ),
    },
)
CANCELLED_BACK = "fulfilment.cancelled_back"
messages.register_template(
    CANCELLED_BACK,
    {
        "en": (
            "Order {number} is cancelled",
            "{place} has cancelled your order. You get {amount} back, the way you paid.",
        ),
        "zh-Hans": (
            "订单 {number} 已取消",
            "“{place}”已取消您的订单。{amount} 将按原支付方式退还给您。",
        ),
        "fr": (
            "La commande {number} est annulée",
            "{place} a annulé votre commande. {amount} vous sont rendus par le moyen de paiement utilisé.",
        ),
        "es": (
            "El pedido {number} está cancelado",
            "{place} ha cancelado su pedido. Le devolvemos {amount} por el mismo medio de pago.",
        ),
    },
)
UNCLAIMED = "fulfilment.unclaimed"
messages.register_template(
    UNCLAIMED,
    {
        "en": (
            "Order {number} was not collected",
            "Nobody came for your order in time, so it is cancelled. You get {amount} back, the way you paid.",
        ),
        "zh-Hans": (
            "订单 {number} 逾期未取",
            "您的订单逾期未取，已取消。{amount} 将按原支付方式退还给您。",
        ),
        "fr": (
            "La commande {number} n’a pas été retirée",
            "Personne n’est venu chercher votre commande à temps : elle est annulée. {amount} vous sont rendus par le moyen de paiement utilisé.",
        ),
        "es": (
            "El pedido {number} no se recogió",
            "Nadie recogió su pedido a tiempo, así que está cancelado. Le devolvemos {amount} por el mismo medio de pago.",
        ),
    },
)
SHIPPED = "fulfilment.shipped"
messages.register_template(
    SHIPPED,
    {
        "en": (
            "Order {number} is on its way",
            "{place} has given your parcel to {carrier}. Follow it there by this number: {tracking}",
        ),
        "zh-Hans": (
            "订单 {number} 已发货",
            "“{place}”已将包裹交给 {carrier}，运单号：{tracking}，可凭此查询物流。",
        ),
        "fr": (
            "La commande {number} est en route",
            "{place} a remis votre colis à {carrier}. Suivez-le chez ce transporteur avec le numéro : {tracking}",
        ),
        "es": (
            "El pedido {number} está en camino",
            "{place} ha entregado su paquete a {carrier}. Puede seguirlo allí con este número: {tracking}",
        ),
    },
)
