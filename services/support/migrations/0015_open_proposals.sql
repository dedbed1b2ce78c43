-- Acts that wait or are planned, among all that were ever proposed.
CREATE INDEX proposals_open ON proposals (id) WHERE state IN ('proposed', 'approved');
