"""Deeds of the audit trail in words: who, what, and where to read on."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from storeline.kernel.api import Deed
from storeline.office.pages.parts import by_language

_BARE = frozenset({"owed", "amount", "payment", "key"})
"""Amounts without a currency and ids: the subject's own page says them better."""


def who_of(deed: Deed, names: Mapping[UUID, str]) -> str:
    """Who did it: a user's name, a program, or the system."""
    if deed.actor_kind == "system":
        return _("Storeline itself")
    if deed.actor_kind == "guest":
        return _("A guest")
    known = names.get(deed.actor_id) if deed.actor_id is not None else None
    return known or (_("A program of a partner") if deed.actor_kind == "client" else _("Somebody who was erased"))


@by_language
def actions() -> dict[str, str]:
    """What every action is called."""
    return _trade() | _people() | _settings()


def _trade() -> dict[str, str]:
    return {
        "orders.cancel": _("Cancelled an order"),
        "orders.call_off": _("Called off their own order"),
        "orders.forget_buyer": _("Had forgotten how to reach whoever ordered"),
        "fulfilment.reject": _("Said that something cannot be given to an order"),
        "fulfilment.send": _("Sent goods of an order to another shop"),
        "fulfilment.pick": _("Picked an order"),
        "fulfilment.ready": _("Said that an order is ready"),
        "fulfilment.hand_over": _("Handed an order over"),
        "fulfilment.cancel": _("Cancelled an order that was to be picked"),
        "fulfilment.renew_code": _("Made another collection code"),
        "fulfilment.van": _("Added or changed a van"),
        "fulfilment.leave": _("Left with a van"),
        "fulfilment.missed": _("Met nobody at the door"),
        "fulfilment.come_back": _("Came back with a van"),
        "fulfilment.ship": _("Gave an order to a carrier"),
        "fulfilment.parcel_arrived": _("Took a parcel in"),
        "fulfilment.parcel_given": _("Handed a parcel over"),
        "fulfilment.parcel_returned": _("Sent an unclaimed parcel back"),
        "orders.reslot": _("Chose another slot for an order"),
        "fulfilment.offer": _("Offered a substitute"),
        "fulfilment.answer": _("Answered an offered substitute"),
        "fulfilment.choose_time": _("Chose another time for their own order"),
        "fulfilment.withdraw": _("Took an offered substitute back"),
        "aftersales.return": _("Took goods back"),
        "aftersales.ask": _("Asked to return goods"),
        "aftersales.withdraw": _("Withdrew a wish to return goods"),
        "till.open": _("Opened a till"),
        "till.take_off": _("Took a line off at a till"),
        "till.cancel": _("Called a sale off at a till"),
        "payments.repay": _("Paid a refused refund another way"),
        "stock.adjust": _("Adjusted stock"),
        "stock.count": _("Counted stock"),
        "stock.receive": _("Received goods"),
        "stock.adjustment": _("Adjusted stock"),
        "stock.receipt": _("Received goods"),
        "stock.policy": _("Set what is kept back from online channels"),
        "stock.transfer": _("Began to pack goods for another place"),
        "stock.transfer_out": _("Sent goods to another place"),
        "stock.transfer_in": _("Took goods in from another place"),
        "stock.transfer_cancel": _("Called off sending goods to another place"),
        "stock.waste": _("Wrote goods off"),
        "stock.own": _("Said whose goods these are"),
        "stock.recall_started": _("Recalled a lot"),
        "stock.recall_closed": _("Closed a recall"),
        "stock.recall_lifted": _("Lifted a recall"),
        "ledger.transfer": _("Moved value held for shoppers"),
        "ledger.add_account": _("Added an account to the chart"),
        "capacity.set_areas": _("Set where a place brings goods"),
        "capacity.set_rule": _("Set how many orders a place can hand over"),
        "shop.mark_hot": _("Had buyers of a product wait in line"),
        "shop.unmark_hot": _("Let buyers of a product pass without a line"),
        "pricing.write_promotion": _("Wrote or changed a promotion"),
        "pricing.schedule_promotion": _("Scheduled a promotion"),
        "pricing.withdraw_promotion": _("Took a promotion back to draft"),
        "pricing.set_promotion_end": _("Changed when a promotion ends"),
        "pricing.end_promotion": _("Ended a promotion"),
        "loyalty.write_coupon": _("Made or changed a coupon"),
        "loyalty.end_coupon": _("Ended a coupon"),
    }


def _people() -> dict[str, str]:
    return {
        "identity.create_user": _("Made a user"),
        "identity.set_password": _("Set a password"),
        "identity.reset_password": _("Chose a new password with a code"),
        "identity.set_active": _("Let a user in or shut one out"),
        "identity.erase_user": _("Erased a user"),
        "identity.grant_role": _("Gave a role"),
        "identity.revoke_role": _("Took a role away"),
        "identity.create_client": _("Made an API client"),
        "identity.amend_client": _("Changed what an API client may do"),
        "identity.new_client_secret": _("Made another secret for an API client"),
        "identity.close_client": _("Shut an API client out"),
        "customers.register": _("Registered a customer"),
        "customers.join": _("Became a member"),
        "customers.add_contacts": _("Added contact points of a customer"),
        "customers.remove_contact": _("Removed a contact point of a customer"),
        "customers.give_card": _("Gave a member card"),
        "customers.block_card": _("Blocked a member card"),
        "customers.consent": _("Recorded a consent"),
        "customers.merge": _("Merged two records of a customer"),
        "customers.undo_merge": _("Undid a merge of customers"),
        "customers.erase": _("Erased a customer"),
        "messages.send_now": _("Sent a message again"),
    }


def _settings() -> dict[str, str]:
    return {
        "exchange.import": _("Imported a folder of data"),
        "partners.take_on": _("Took a partner on"),
        "partners.agree": _("Made an agreement with a partner"),
        "partners.end_agreement": _("Ended an agreement"),
        "partners.give_access": _("Gave a partner access"),
        "partners.add_endpoint": _("Added a webhook"),
        "partners.change_endpoint": _("Changed a webhook"),
        "partners.set_enabled": _("Switched a webhook on or off"),
        "partners.rotate_secret": _("Changed a webhook's secret"),
        "partners.replay": _("Sent a webhook's events again"),
        "consignment.settle": _("Settled what a partner is owed"),
        "catalog.edit": _("Edited the catalogue"),
        "places.edit": _("Edited a place"),
        "identity.edit": _("Edited a user"),
        "partners.edit": _("Edited a partner"),
        "customers.edit": _("Edited a customer"),
        "capacity.edit": _("Edited slots"),
        "pricing.edit": _("Edited prices"),
        "stock.edit": _("Edited stock settings"),
        "sourcing.set_group": _("Made or changed a group of places"),
        "sourcing.set_channel": _("Set from where a channel sells"),
        "sourcing.set_limits": _("Set how many online orders a place can pick"),
        "sourcing.close_place": _("Closed a place to online orders"),
        "sourcing.open_place": _("Opened a place to online orders"),
        "sourcing.set_policy": _("Set what sourcing weighs"),
        "sourcing.set_duals": _("Set what goods are worth where they stand"),
    }


@by_language
def areas() -> dict[str, str]:
    """The parts of the system that deeds are filtered by."""
    return {
        "orders.": _("Orders"),
        "fulfilment.": _("Picking and hand-over"),
        "aftersales.": _("Returns"),
        "till.": _("Tills"),
        "payments.": _("Payments"),
        "stock.": _("Stock"),
        "pricing.": _("Promotions and prices"),
        "loyalty.": _("Coupons"),
        "customers.": _("Customers"),
        "identity.": _("Users and clients"),
        "partners.": _("Partners"),
        "consignment.": _("Partners' goods"),
        "places.": _("Places"),
        "catalog.": _("Catalogue"),
        "exchange.": _("Imports"),
    }


def words_of(deed: Deed) -> str:
    """What was done; an action that has no words yet by its code."""
    return actions().get(deed.action, deed.action)


def detail_of(deed: Deed) -> str:
    """What else the trail says, as short as it can be said."""
    shown = {
        name: value for name, value in deed.detail.items() if value not in (None, "", [], {}) and name not in _BARE
    }
    return "; ".join(f"{name}: {_short(value)}" for name, value in shown.items())


def _short(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)[:120]


def link_of(deed: Deed) -> str:
    """Where what it was done to can be looked at; empty where there is no page."""
    module = deed.action.partition(".")[0]
    page = (
        "office:recall"
        if deed.action.startswith("stock.recall_")
        else {
            "orders": "office:order",
            "fulfilment": "office:order",
            "pricing": "office:promotion",
            "loyalty": "office:coupon",
        }.get(module)
    )
    return reverse(page, args=[deed.subject_id]) if page and deed.action != "pricing.edit" else ""
