"""What was read, in the forms that other programs take: PAGE-XML, ALTO, IIIF annotations, workbooks, searchable PDFs, CSV."""
