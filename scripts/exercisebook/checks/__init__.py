"""Looking a package through before anything is computed: tables, design, identity."""
