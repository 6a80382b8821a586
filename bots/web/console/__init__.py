"""The console: pages for members, admins and operators, at an address of their own."""
