"""A small handbook with errors in it, and with what only looks like them."""

from __future__ import annotations

# Each pair contradicts itself: two files with their sentences.
CONTRADICTIONS = {
    "annual leave": (
        "Full-time employees have 25 days of annual leave a year, on top of public holidays.",
        "Everyone who works full time is entitled to 28 days of paid annual leave.",
    ),
    "expenses": (
        "Expense reports must be submitted within 30 days of the end of the trip.",
        "You must submit expense reports within 60 days of the end of the trip.",
    ),
    "key cards": (
        "The deposit for a key card is 30 euros.",
        "The deposit for a key card is 45 euros.",
    ),
    "gate": (
        "The main gate closes at 18:00 every evening.",
        "Every evening the main gate closes at 19:30.",
    ),
    "dogs": (
        "Dogs are allowed in the office on all days.",
        "Dogs are not allowed in the office.",
    ),
    "carrying over": (
        "Unused leave may be taken into the next year.",
        "Unused leave may not be taken into the next year.",
    ),
    "passwords": (
        "Passwords must have at least 12 characters.",
        "A password must have at least 16 characters.",
    ),
    "pension": (
        "The company pays 5% of the salary into the pension fund.",
        "The company pays 7 percent of the salary into the pension fund.",
    ),
    "receipts": (
        "You need a receipt for purchases below 20 euros.",
        "You do not need a receipt for purchases below 20 euros.",
    ),
}

# Pairs that are no contradiction, each below its own titles.
NEAR_MISSES = {
    "groups": (
        ("Hours", "Full-time staff get 25 days of training leave."),
        ("Contracts", "Part-time staff get 15 days of training leave."),
    ),
    "countries in the sentence": (
        ("Meals", "The lunch allowance is 12 euros a day in Vienna."),
        ("Canteen", "The lunch allowance is 15 euros a day in Lisbon."),
    ),
    "countries in the title": (
        ("Sick pay in Austria", "Sick pay is paid for 42 days after the first day of illness."),
        ("Sick pay in Germany", "Sick pay is paid for 78 days after the first day of illness."),
    ),
    "years": (
        ("Bonus in 2023", "The bonus is paid to all employees and amounts to 900 euros."),
        ("Bonus in 2024", "The bonus is paid to all employees and amounts to 950 euros."),
    ),
    "departments": (
        ("Warehouse", "Warehouse staff start work at 06:00 on every working day."),
        ("Office", "Office staff start work at 09:00 on every working day."),
    ),
    "steps": (
        ("Ordering a laptop", "In step 2, wait 3 days for the approval of the order."),
        ("Returning a laptop", "In step 4, wait 10 days for the approval of the return."),
    ),
    "an example and its rule": (
        ("Overtime", "You can request up to 240 hours of advanced overtime leave."),
        (
            "Overtime explained",
            "For example, you can request up to 104 hours of advanced overtime leave.",
        ),
    ),
    "limits": (
        ("Approvals", "Managers approve business trips up to 500 euros."),
        ("Signatures", "Directors approve business trips up to 5,000 euros."),
    ),
    "the same in other words": (
        ("Flat", "Guests may stay in the company flat for two weeks."),
        ("Visitors", "Guests may stay for 14 days in the company flat."),
    ),
    "no, of something else": (
        ("Garden", "Bicycles are allowed in the garden of the building."),
        ("Stairs", "Bicycles are not allowed in the stairwell of the building."),
    ),
    "a limit": (
        ("Payments", "Invoices of suppliers abroad are paid within 14 days."),
        ("Accounts", "Invoices of suppliers are paid within 30 days."),
    ),
    "new ones": (
        ("Suppliers", "Complaints of customers are answered within 5 working days."),
        ("Customers", "Complaints of new customers are answered within 2 working days."),
    ),
    "numbers of forms": (
        ("Births", "Fill in form 12 carefully and send it to the payroll team."),
        ("Moving house", "Fill in form 17 carefully and send it to the payroll team."),
    ),
    "a total and a part": (
        ("Headcount", "The company employs 120 people in the factory and the office."),
        ("Shifts", "The company employs 45 people in the factory."),
    ),
    "two prices of one thing": (
        ("Shop", "A monthly ticket for the canteen costs 60 euros."),
        ("Kitchen", "A single ticket for the canteen costs 5 euros."),
    ),
    "labels": (
        ("Reviews", "Supervisor (Section 4, Topic 4.1 of the guide)"),
        ("Goals", "Supervisor (Section 3, Topic 3.2 of the guide)"),
    ),
    "a condition": (
        ("Home office", "You may work from home on two days a week."),
        ("Trial", "During the trial period, you may work from home on one day a week."),
    ),
}

_CYCLING = """Whoever comes to work by bicycle can rent one of the lockers in the basement. A locker
holds a helmet, a jacket and a small bag. Keys are handed out at the reception desk between eight in
the morning and four in the afternoon, and a lost key is replaced once without charge. Wet clothes
belong in the drying room beside the lockers, never in them. The showers next to it are cleaned
twice a day; please leave them as you would like to find them.
"""

_VISITORS = """Visitors sign in at the reception desk and get a badge with the name of their host.
The host meets them there and stays with them for the whole visit. Meeting rooms on the ground floor
may be booked for visitors by everybody; those on the other floors need the consent of the facility
team. Parking spaces beside the entrance are kept free for visitors until ten in the morning. At the
end of the visit the badge goes back to the desk, and the host sees the visitor to the door.
"""

_TRAVEL = """The company pays for the second class of every train and for flights that take longer
than five hours by rail. Hotels are booked through the travel desk, which knows the rates that were
agreed. Taxis are paid for at night and wherever there is no other way to get to the customer.
"""

_FOOTER = """This page belongs to the handbook of the company. It is written by the people team and
read by everybody who works here. If you find something wrong, or that you do not understand,
write to the people team and say which page you mean and what you would have expected to find there.
We answer every message within the week and thank you for it. The handbook is no contract of work.
"""

OTHERS = {
    # kept twice, as a whole
    "cycling/lockers.md": f"# Lockers for cyclists\n\n{_CYCLING}",
    "building/basement.md": f"# The basement\n\n{_CYCLING}",
    # kept twice, as a part of two documents
    "visits/hosts.md": f"# Being a host\n\nGuests are welcome in all our offices.\n\n{_VISITORS}\n"
    "## Gifts\n\nSmall gifts from visitors may be kept; larger ones go to the raffle in winter.\n\n"
    "## Press\n\nVisitors from the press are looked after by the office of the board, which also "
    "answers their questions before and after the visit and reads what they are going to print.\n",
    "reception/desk.md": f"# The reception desk\n\nThe desk is open all day.\n\n{_VISITORS}\n"
    "## Parcels\n\nParcels are taken in for everybody and stored behind the desk on shelves.\n\n"
    "## Taxis\n\nThe desk calls a taxi for whoever asks, and keeps a list of drivers who know "
    "the way through the yard; at night the guard at the back door does so in its place.\n",
    # replaced
    "travel/travel-policy-2021.md": f"# Travel policy 2021\n\n{_TRAVEL}Trips are booked by fax.\n",
    "travel/travel-policy-2024.md": f"# Travel policy 2024\n\n{_TRAVEL}Trips are booked online.\n",
    "it/laptops-old.md": "# Laptops (old)\n\nThis page was replaced by [Devices](devices.md).\n",
    "it/devices.md": "# Devices\n\nAsk the help desk for a device; it is there on the next day.\n",
    # links that lead nowhere, and others
    "start/welcome.md": "# Welcome\n\n## First day\n\nRead about [devices](../it/devices.md) and "
    "[lockers](../cycling/lockers.md#lockers-for-cyclists), then the [rules](rules.md), the "
    "[map](map.png), the [first day](#first-day), the [last day](#last-day) and the "
    "[canteen](https://canteen.example/menu).\n",
    # a template
    **{
        f"teams/{name}.md": f"# {name.title()} team\n\nThe {name} team sits {where}.\n\n{_FOOTER}"
        for name, where in (
            ("sales", "beside the entrance"),
            ("legal", "under the roof"),
            ("design", "in the old factory"),
            ("support", "across the yard"),
            ("finance", "above the bakery"),
        )
    },
}


def pages() -> dict[str, str]:
    """All files of the handbook: their names and texts."""
    found = dict(OTHERS)
    for name, pair in CONTRADICTIONS.items():
        for side, sentence in zip(("rules", "questions"), pair, strict=True):
            title = name.capitalize() if side == "rules" else "What new colleagues ask"
            found[f"{side}/{name.replace(' ', '-')}.md"] = f"# {title}\n\n{sentence}\n"
    for name, sides in NEAR_MISSES.items():
        for letter, (title, sentence) in zip("ab", sides, strict=True):
            where = f"near/{name.replace(' ', '-').replace(',', '')}-{letter}.md"
            found[where] = f"# {title}\n\n{sentence}\n"
    return found
