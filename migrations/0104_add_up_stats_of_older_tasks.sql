-- no-transaction
-- Adds up what 0103 wrote, as the schedule does, in batches, each a transaction. Killed, it runs again.

do $$
begin
    loop
        exit when app.add_up_stats(10000) = 0;
        commit;
    end loop;
end
$$;
