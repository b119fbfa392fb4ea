"""Being refused: an error that leaves a row in the audit although its transaction is undone."""

from zvon.store.transaction import AuditEntry


class Refused(PermissionError):
    """The act is not allowed; `audit` is written after the transaction was rolled back."""

    def __init__(self, message: str, *audit: AuditEntry) -> None:
        super().__init__(message)
        self.audit = audit
