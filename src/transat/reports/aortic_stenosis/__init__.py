"""The report of the study of aortic stenosis: pages, figures, tables, evidence, model card."""
