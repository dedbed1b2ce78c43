-- The mails that operators see, among millions that were accepted: in the words of their list.
CREATE INDEX deliveries_unaccepted ON deliveries (written_at DESC, mail_id)
    WHERE state IN ('pending', 'sending', 'transmitting', 'deferred', 'held', 'refused')
        OR state = 'dropped' AND reason = 'expired';
-- Deleted as soon as they have ended: there are never more than a few.
CREATE INDEX deliveries_of_anonymised ON deliveries (mail_id) WHERE template = 'account_anonymised';
CREATE INDEX closed_requests_closed_at ON closed_requests (closed_at);
