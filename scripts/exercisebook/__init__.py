"""The Exercise Book: an executable course in exercise immunology.

The package is built in floors. Each imports only from those beneath it:
``cli`` > ``publish`` > ``chapters`` > ``figures`` > ``claims`` > ``stats`` >
``simulate`` > ``sources`` > ``cohort``, on the ground of ``paths``, ``errors`` and ``tables``.
Nothing is imported here, so that a chapter's imports name exactly what it uses.
"""
