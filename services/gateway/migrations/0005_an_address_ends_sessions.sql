-- Another address is another credential: sessions end with it, and none is left to be readdressed.
alter table sessions drop column addressed_at;
