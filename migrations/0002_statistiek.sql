-- Numerator of the missed share: only days of which the rooster is known, so that it fits geplande_minuten.
alter table statistiek add column gemiste_minuten bigint not null;
