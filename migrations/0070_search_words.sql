-- The words of tasks and comments, for a search in any language: made by the database, so that rows
-- of old and new code are alike, and kept beside the tasks, so that a change of a status writes none.
--
-- Until now a run of Japanese was one word, as to_tsvector has it; and to_tsvector takes dotted names
-- as one word, too, and drops stop words and emoji. Here text is folded (NFKC, case, nothing that is
-- drawn as nothing) and split by this file alone. Writing without spaces (Chinese, Japanese, Korean,
-- Thai and its neighbours) becomes overlapping pairs of characters. A word of letters and digits is
-- itself and its stem. Everything else that can be seen and is not punctuation is a word.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

create function app.search_fold(p_text text) returns text
    language plpgsql immutable strict parallel safe set search_path = pg_catalog, public, pg_temp
    as $$
declare
    -- Compatibility forms expand: U+FDFA is 18 characters.
    longest constant integer := 21000;
    folded text := p_text;
begin
    if octet_length(folded) = length(folded) then
        return lower(folded collate "C");
    end if;
    -- Normalization sorts a run of combining marks in the square of its length, 3 s for 20,000. Unicode's
    -- stream-safe text has at most 30 in a run; a half-width sound mark becomes one, and is one only
    -- after half-width kana. Marks are what is neither letter, digit, punctuation, space nor symbol.
    folded := regexp_replace(folded, '(^|[^ｦ-ﾝ])[ﾞﾟ]+', '\1', 'g');
    folded := regexp_replace(folded collate "und-x-icu",
        '([^[:alnum:][:punct:][:space:]\u0001-\u00FF\u2000-\u20CF\u2100-\u2BFF\u3000-\u3029\u3030-\u3098\u309B-\u33FF'
        '\uE000-\uF8FF\U0001F000-\U0001FAFF\U00020000-\U0003FFFF]{30})'
        '[^[:alnum:][:punct:][:space:]\u0001-\u00FF\u2000-\u20CF\u2100-\u2BFF\u3000-\u3029\u3030-\u3098\u309B-\u33FF'
        '\uE000-\uF8FF\U0001F000-\U0001FAFF\U00020000-\U0003FFFF]+',
        '\1', 'g');
    if length(folded) - length(translate(folded, 'ﷺﷻ', '')) > 100 then
        folded := translate(folded, 'ﷺﷻ', '');
    end if;
    folded := left(normalize(folded, nfkc), longest);
    -- Formats, fillers and variation selectors, as `fold` of handlers/core has them.
    folded := regexp_replace(folded,
        '[\u00AD\u034F\u0600-\u0605\u061C\u06DD\u070F\u0890\u0891\u08E2\u115F\u1160\u17B4\u17B5\u180B-\u180F'
        '\u200B-\u200F\u202A-\u202E\u2060-\u206F\u2800\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB'
        '\U000110BD\U000110CD\U00013430-\U0001343F\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A\U000E0000-\U000E0FFF]',
        '', 'g');
    -- Through capitals: that makes ß ss. Its own capital has none.
    folded := lower(upper(translate(folded, 'ẞ', 'ß') collate "und-x-icu") collate "und-x-icu");
    folded := translate(folded, 'ς', 'σ');
    return left(normalize(folded, nfkc), longest);
end
$$;
comment on function app.search_fold is
    'A text as it is compared in a search: NFKC, without case and without what is drawn as nothing. At most 21,000 characters.';

create function app.is_written_in_pairs(p_code_point integer) returns boolean
    language sql immutable parallel safe
    -- Kana, bopomofo, Han and Yi but for the double hyphen and the middle dot; Hangul; the iteration
    -- mark, closing mark and zero of Han; Thai, Lao, Tibetan and Myanmar; Khmer; Jamo; Tangut, Khitan
    -- and Nushu; the later planes of Han.
    return p_code_point between 12353 and 42191 and p_code_point <> 12448 and p_code_point <> 12539
        or p_code_point between 44032 and 55295
        or p_code_point between 12293 and 12295
        or p_code_point between 3585 and 4255
        or p_code_point between 6016 and 6143
        or p_code_point between 4352 and 4607 or p_code_point between 43360 and 43391
        or p_code_point between 94176 and 101759 or p_code_point between 110576 and 111359
        or p_code_point between 131072 and 917503;
comment on function app.is_written_in_pairs is 'Whether the character belongs to a script without spaces, of which a search knows pairs.';

create function app.is_symbol(p_code_point integer) returns boolean
    language sql immutable parallel safe
    -- Signs of Latin-1, currencies, letter-like signs to arrows, of CJK, private use, emoji.
    return p_code_point in (162, 163, 164, 165, 166, 167, 169, 172, 174, 176, 177, 182, 215, 247, 12292, 12306, 12307, 12320, 12342, 12343)
        or p_code_point between 8352 and 8399 or p_code_point between 8448 and 11263
        or p_code_point between 57344 and 63743 or p_code_point between 126976 and 129791;
comment on function app.is_symbol is 'Whether the character is a word of its own in a search, as each emoji is.';

create function app.is_punctuation(p_code_point integer) returns boolean
    language sql immutable parallel safe
    -- Latin-1; general; combining signs of keycaps; supplemental; of CJK with double hyphen and middle
    -- dot; of other scripts.
    return p_code_point between 128 and 191
        or p_code_point between 8192 and 8303 or p_code_point between 8400 and 8447
        or p_code_point between 11776 and 11903 or p_code_point between 12288 and 12352
        or p_code_point in (12448, 12539, 5760, 1417, 1418, 1470, 1472, 1475, 1478, 1523, 1524, 1548, 1549, 1563, 1748, 2404, 2405, 2416, 4347)
        or p_code_point between 1370 and 1375 or p_code_point between 1565 and 1567 or p_code_point between 1642 and 1645
        or p_code_point between 4960 and 4968 or p_code_point between 6144 and 6154
        or p_code_point between 65040 and 65135 or p_code_point between 65280 and 65519;
comment on function app.is_punctuation is 'Whether the character, of those beyond ASCII, separates words in a search.';

create function app.search_tokens(p_folded text, out place integer, out token text) returns setof record
    -- plpgsql keeps its plans for a session; a function in SQL would be planned at each call, in a
    -- millisecond, more than most texts take.
    language plpgsql immutable strict parallel safe rows 200 set search_path = pg_catalog, public, pg_temp
    as $$
declare
    characters text[] := string_to_array(p_folded, null);
    separated text;
begin
    -- One pass over the characters, each beside the next one, makes a text of tokens with spaces between.
    -- A loop over substr() would take the square of the length. Both statements read unnest() alone,
    -- which keeps the order; sorting by it would take a fifth of the time.
    separated := string_agg(
            case
                when n < 128 then case when n between 97 and 122 or n between 48 and 57 then c else ' ' end
                when app.is_written_in_pairs(n)
                    then ' ' || c || case when app.is_written_in_pairs(n_after) then c_after else '' end || ' '
                when app.is_symbol(n) then ' ' || c || ' '
                when app.is_punctuation(n) then ' '
                else c
            end, '')
        from (
            select c, c_after, ascii(c) as n, ascii(c_after) as n_after
            from unnest(characters, characters[2:]) u (c, c_after)
            offset 0) beside;
    return query
        select row_number() over ()::integer, left(word, 100)
        from unnest(string_to_array(separated, ' ')) word
        where word <> '';
end
$$;
comment on function app.search_tokens is
    'The words of a folded text and their places: words of letters and digits, signs, and in writing without spaces each character with the next one.';

create function app.search_words(p_text text, p_weight text) returns tsvector
    language plpgsql immutable strict parallel safe set search_path = pg_catalog, public, pg_temp
    as $$
begin
    -- A tsvector has places up to 16,383: they begin again after 15,900, and the first 200 of a round are
    -- behind those of the round before, too, so that phrases are found all through a long text.
    return coalesce(string_agg(
            '''' || token || ''':' || places
                || case when stem <> token then ' ''' || stem || ''':' || places else '' end,
            ' '), '')::tsvector
        from (
            select token,
                (place - 1) % 15900 + 1 || p_weight
                    || case when place > 15900 and (place - 1) % 15900 < 200
                        then ',' || (place - 1) % 15900 + 15901 || p_weight else '' end as places,
                case when octet_length(token) = length(token) then (ts_lexize('english_stem', token))[1] end as stem
            from app.search_tokens(app.search_fold(p_text))
        ) words;
end
$$;
comment on function app.search_words is
    'What a search finds a text by: each word as it is and as its stem, both for stop words and for inflected ones.';

create table task_words (
    organization_id uuid not null references organizations (id),
    task_id uuid not null,
    source_id uuid not null,
    words tsvector not null,
    primary key (organization_id, task_id, source_id),
    constraint task_words_task_fkey foreign key (organization_id, task_id) references tasks (organization_id, id)
);
comment on table task_words is
    'The words of each task and comment that is not deleted. Written by triggers, read only by app.search_tasks.';
comment on column task_words.source_id is
    'The task itself, for its title (weight A) and description (B), or a comment of it (C). No foreign key: it is one of two tables.';
comment on column task_words.words is
    'Holds the organization as a word, so that the index never walks another tenant''s rows.';

alter table task_words enable row level security;
-- Not granted, to anybody: the words show what a text says. So there is no policy.

create function app.words_of_task(p_organization uuid, p_title text, p_description text) returns tsvector
    language sql immutable parallel safe
    return app.search_words(p_title, 'A') || app.search_words(p_description, 'B')
        || array_to_tsvector(array['organization:' || p_organization]);
comment on function app.words_of_task is 'The words of a task in task_words.';

create function app.words_of_comment(p_organization uuid, p_body text) returns tsvector
    language sql immutable parallel safe
    return app.search_words(p_body, 'C') || array_to_tsvector(array['organization:' || p_organization]);
comment on function app.words_of_comment is 'The words of a comment in task_words.';

create function app.keep_words_of_task() returns trigger
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp
    as $$
begin
    if new.deleted_at is not null then
        delete from public.task_words w
            where w.organization_id = new.organization_id and w.task_id = new.id and w.source_id = new.id;
    elsif tg_op = 'INSERT' or old.deleted_at is not null
        or (new.title, new.description) is distinct from (old.title, old.description)
    then
        insert into public.task_words as w (organization_id, task_id, source_id, words)
            values (new.organization_id, new.id, new.id, app.words_of_task(new.organization_id, new.title, new.description))
            on conflict (organization_id, task_id, source_id) do update set words = excluded.words;
    end if;
    return null;
end
$$;
comment on function app.keep_words_of_task is 'Keeps the words of a task in task_words, which no role may write.';

create function app.keep_words_of_comment() returns trigger
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp
    as $$
begin
    if new.deleted_at is not null then
        delete from public.task_words w
            where w.organization_id = new.organization_id and w.task_id = new.task_id and w.source_id = new.id;
    elsif tg_op = 'INSERT' or old.deleted_at is not null or new.body is distinct from old.body then
        insert into public.task_words as w (organization_id, task_id, source_id, words)
            values (new.organization_id, new.task_id, new.id, app.words_of_comment(new.organization_id, new.body))
            on conflict (organization_id, task_id, source_id) do update set words = excluded.words;
    end if;
    return null;
end
$$;
comment on function app.keep_words_of_comment is 'Keeps the words of a comment in task_words, which no role may write.';

create trigger keep_words after insert or update of title, description, deleted_at on tasks
    for each row execute function app.keep_words_of_task();
create trigger keep_words after insert or update of body, deleted_at on task_comments
    for each row execute function app.keep_words_of_comment();
