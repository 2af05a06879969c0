"""Can the score be believed: audits run on files, runs and code; the report, the page, the gate, waivers, the model card."""
