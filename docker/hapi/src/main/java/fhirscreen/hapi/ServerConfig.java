package fhirscreen.hapi;

import ca.uhn.fhir.batch2.api.IJobMaintenanceService;
import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.batch2.jobs.export.BulkDataExportProvider;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.config.HapiJpaConfig;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.interceptor.UserRequestRetryVersionConflictsInterceptor;
import ca.uhn.fhir.jpa.model.config.PartitionSettings;
import ca.uhn.fhir.jpa.model.config.SubscriptionSettings;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirH2Dialect;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirPostgresDialect;
import ca.uhn.fhir.jpa.model.entity.NormalizedQuantitySearchLevel;
import ca.uhn.fhir.jpa.model.entity.StorageSettings;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.provider.JpaSystemProvider;
import ca.uhn.fhir.jpa.provider.TerminologyUploaderProvider;
import ca.uhn.fhir.jpa.provider.ValueSetOperationProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.server.IncomingRequestAddressStrategy;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.interceptor.LoggingInterceptor;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import jakarta.persistence.EntityManagerFactory;
import org.apache.commons.dbcp2.BasicDataSource;
import org.hl7.fhir.dstu2.model.Subscription;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.core.env.Environment;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;

import javax.sql.DataSource;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** The HAPI JPA engine for FHIR R4, in the smallest wiring that still runs $export (batch2 needs the channel config). */
@Configuration
@Import({
    JpaR4Config.class,
    HapiJpaConfig.class,
    ThreadPoolFactoryConfig.class,
    SubscriptionChannelConfig.class,
    JpaBatch2Config.class,
    Batch2JobsConfig.class
})
public class ServerConfig {

    private final Environment env;

    public ServerConfig(Environment env) {
        this.env = env;
    }

    private String text(String name) {
        return env.getRequiredProperty("hapi." + name);
    }

    private boolean flag(String name) {
        return env.getRequiredProperty("hapi." + name, Boolean.class);
    }

    private int number(String name) {
        return env.getRequiredProperty("hapi." + name, Integer.class);
    }

    @Bean
    public JpaStorageSettings jpaStorageSettings() {
        JpaStorageSettings s = new JpaStorageSettings();
        // search
        int maxFetch = number("max-fetch");
        s.setFetchSizeDefaultMaximum(maxFetch > 0 ? maxFetch : null);
        long reuse = number("reuse-search-results-ms");
        s.setReuseCachedSearchResultsForMillis(reuse > 0 ? reuse : null);
        List<Integer> thresholds = Arrays.stream(text("prefetch-thresholds").split(","))
                .map(String::trim).map(Integer::valueOf).toList();
        s.setSearchPreFetchThresholds(thresholds);
        s.setFilterParameterEnabled(flag("filter-enabled"));
        s.setIndexMissingFields(flag("index-missing-fields")
                ? StorageSettings.IndexEnabledEnum.ENABLED : StorageSettings.IndexEnabledEnum.DISABLED);
        s.setNormalizedQuantitySearchLevel(NormalizedQuantitySearchLevel.valueOf(text("normalized-quantity")));
        s.setHibernateSearchIndexSearchParams(flag("advanced-search"));
        s.setHibernateSearchIndexFullText(flag("advanced-search"));
        // writing
        s.setMassIngestionMode(flag("mass-ingestion"));
        s.setMatchUrlCacheEnabled(flag("match-url-cache"));
        s.setIndexStorageOptimized(flag("index-storage-optimized"));
        s.setEnforceReferentialIntegrityOnWrite(flag("referential-integrity"));
        s.setEnforceReferentialIntegrityOnDelete(flag("referential-integrity"));
        s.setResourceClientIdStrategy(JpaStorageSettings.ClientIdStrategyEnum.valueOf(text("client-ids")));
        s.setResourceServerIdStrategy(JpaStorageSettings.IdStrategyEnum.valueOf(text("server-ids")));
        s.setResourceDbHistoryEnabled(flag("history"));
        s.setTagStorageMode(StorageSettings.TagStorageModeEnum.valueOf(text("tags")));
        s.setAllowMultipleDelete(true);
        s.setExpungeEnabled(true);
        s.setDeleteExpungeEnabled(true);
        // background work
        s.setSchedulingDisabled(!flag("scheduling"));
        s.setJobFastTrackingEnabled(flag("fast-track-jobs"));
        s.setEnableTaskBulkExportJobExecution(flag("scheduling"));
        return s;
    }

    @Bean
    public PartitionSettings partitionSettings() {
        return new PartitionSettings();
    }

    @Bean
    public SubscriptionSettings subscriptionSettings() {
        SubscriptionSettings settings = new SubscriptionSettings();
        if (flag("subscriptions")) {
            settings.addSupportedSubscriptionType(Subscription.SubscriptionChannelType.RESTHOOK);
        }
        return settings;
    }

    @Bean
    public DataSource dataSource() {
        BasicDataSource ds = new BasicDataSource();
        ds.setUrl(text("jdbc.url"));
        ds.setUsername(text("jdbc.user"));
        ds.setPassword(text("jdbc.password"));
        ds.setMaxTotal(number("jdbc.pool"));
        ds.setMaxIdle(number("jdbc.pool"));
        ds.setPoolPreparedStatements(true);
        return ds;
    }

    @Bean
    @Primary
    public LocalContainerEntityManagerFactoryBean entityManagerFactory(
            ConfigurableListableBeanFactory beans, FhirContext fhir, JpaStorageSettings settings, DataSource dataSource) {
        boolean postgres = text("jdbc.url").startsWith("jdbc:postgresql:");
        Properties p = new Properties();
        p.put("hibernate.dialect", (postgres ? HapiFhirPostgresDialect.class : HapiFhirH2Dialect.class).getName());
        p.put("hibernate.hbm2ddl.auto", text("ddl"));
        p.put("hibernate.jdbc.batch_size", text("jdbc.batch"));
        p.put("hibernate.order_inserts", "true");
        p.put("hibernate.order_updates", "true");
        p.put("hibernate.cache.use_query_cache", "false");
        p.put("hibernate.cache.use_second_level_cache", "false");
        // ValueSets with is-a filters and $subsumes are answered from the Lucene index of the terminology tables
        boolean lucene = flag("terminology-index") || flag("advanced-search");
        p.put("hibernate.search.enabled", Boolean.toString(lucene));
        if (lucene) {
            p.put("hibernate.search.backend.type", "lucene");
            p.put("hibernate.search.backend.directory.type", "local-heap");
            p.put("hibernate.search.backend.analysis.configurer",
                    "ca.uhn.fhir.jpa.search.HapiHSearchAnalysisConfigurers$HapiLuceneAnalysisConfigurer");
            p.put("hibernate.search.backend.lucene_version", "LUCENE_CURRENT");
        }

        LocalContainerEntityManagerFactoryBean emf =
                HapiEntityManagerFactoryUtil.newEntityManagerFactory(beans, fhir, settings);
        emf.setPersistenceUnitName("HAPI_PU");
        emf.setDataSource(dataSource);
        emf.setJpaProperties(p);
        return emf;
    }

    @Bean
    @Primary
    public JpaTransactionManager transactionManager(EntityManagerFactory emf) {
        return new JpaTransactionManager(emf);
    }

    /** HAPI moves $export jobs from step to step once a minute; a test server should not wait for that. */
    @Bean(destroyMethod = "shutdownNow")
    public ScheduledExecutorService jobMaintenance(IJobMaintenanceService jobs) {
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(r -> {
            Thread t = new Thread(r, "job-maintenance");
            t.setDaemon(true);
            return t;
        });
        int every = number("job-maintenance-ms");
        if (flag("scheduling") && every > 0) {
            timer.scheduleWithFixedDelay(() -> {
                try {
                    jobs.runMaintenancePass();
                } catch (RuntimeException e) {
                    LoggerFactory.getLogger(ServerConfig.class).warn("maintenance pass: {}", e.toString());
                }
            }, 10_000, every, TimeUnit.MILLISECONDS);
        }
        return timer;
    }

    @Bean
    public RestfulServer restfulServer(
            FhirContext fhir,
            IFhirSystemDao<?, ?> systemDao,
            JpaSystemProvider<?, ?> systemProvider,
            ResourceProviderFactory resourceProviders,
            DatabaseBackedPagingProvider paging,
            JpaStorageSettings settings,
            ISearchParamRegistry searchParams,
            IValidationSupport validation,
            ValueSetOperationProvider valueSets,
            TerminologyUploaderProvider terminology,
            BulkDataExportProvider export) {
        RestfulServer server = new RestfulServer(fhir);
        server.registerProviders(resourceProviders.createProviders());
        server.registerProviders(systemProvider, valueSets, terminology, export);

        JpaCapabilityStatementProvider metadata =
                new JpaCapabilityStatementProvider(server, systemDao, settings, searchParams, validation);
        metadata.setImplementationDescription("HAPI FHIR R4 test server");
        server.setServerConformanceProvider(metadata);

        paging.setDefaultPageSize(number("default-page-size"));
        paging.setMaximumPageSize(number("max-page-size"));
        server.setPagingProvider(paging);
        server.setDefaultResponseEncoding(EncodingEnum.JSON);
        server.setDefaultPrettyPrint(false);
        server.setServerAddressStrategy(new IncomingRequestAddressStrategy());
        server.registerInterceptor(new UserRequestRetryVersionConflictsInterceptor());
        if (flag("request-log")) {
            LoggingInterceptor log = new LoggingInterceptor();
            log.setLoggerName("request");
            log.setMessageFormat("${requestVerb} ${requestUrl} ${operationType} ${processingTimeMillis}ms");
            server.registerInterceptor(log);
        }
        return server;
    }
}
