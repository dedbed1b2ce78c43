"""Kinds of mail at the desk have the names that the person reads."""

from services.gateway.desk.mail_texts import MAILS
from services.gateway.features.data_export.data_export_labels import MAILS as IN_THE_DATA_EXPORT


def test_mails_have_the_same_names_at_the_desk_and_in_the_data_export() -> None:
    both = MAILS.keys() & IN_THE_DATA_EXPORT.keys()
    assert "password_changed" in both
    assert {name: MAILS[name] for name in both} == {name: IN_THE_DATA_EXPORT[name] for name in both}
