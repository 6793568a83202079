"""Making both collections and the ledger agree again; every write under the series' lease.

What does what, from the gentlest to the last resort:

* ``restore`` copies readings from one collection to the other and drops nothing: into the regular
  one what only the time series one holds, into the time series one what it lacks.
* ``rebuild`` drops the time series collection (empties it, where it is sharded) and fills it from
  the regular one: the cure for corrections, doubled readings and half-empty buckets. It restores
  first.
* ``ledger_check`` computes the ledger of days again where it disagrees with the readings.
* ``reconcile`` decides which of these are needed: before every run, and for ``--verify --repair``.
"""
