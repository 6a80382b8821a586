-- What the chat itself keeps of the audio, in its platform's terms: sending again uses that.
ALTER TABLE deliveries ADD COLUMN kept TEXT;
