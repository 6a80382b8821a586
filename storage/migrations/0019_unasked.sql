-- The language that a community is written to in unasked, as a BCP-47 tag; '' is not known.
ALTER TABLE communities ADD COLUMN locale TEXT NOT NULL DEFAULT '';
-- That of each operator, as they last used the bot.
CREATE TABLE owner_locales (member TEXT PRIMARY KEY, locale TEXT NOT NULL);
